// Starts `mlc lsp` and speaks with it over stdio. All knowledge of the language is in there.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

exports.activate = () => {
  const command = workspace.getConfiguration("mlc").get("path", "mlc");
  client = new LanguageClient(
    "mlc",
    "mlc",
    { command, args: ["lsp"] },
    { documentSelector: [{ language: "mlc" }] },
  );
  return client.start();
};

exports.deactivate = () => client?.stop();
