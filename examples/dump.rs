use mlc::diag::{Sources, Style, render};
fn main() {
    for f in std::env::args().skip(1) {
        let mut sources = Sources::new();
        let id = sources.add(f.rsplit('/').next().unwrap(), std::fs::read_to_string(&f).unwrap());
        let p = mlc::syntax::parse(&sources, id);
        println!(
            "=== {f}: {} items, {} lost\n{}",
            p.file.items.len(),
            p.file.lost.len(),
            render(&p.diagnostics, &sources, Style::Plain)
        );
        if f.contains("ast") {
            println!("{:#?}", p.file);
        }
    }
}
