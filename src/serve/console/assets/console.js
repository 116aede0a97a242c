// Helps along; every page works without it.
"use strict";

// A list that is open closes when something else is wanted.
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.switch[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details.switch[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
  // After the browser has taken the pressed button's value.
  setTimeout(() => {
    for (const button of form.querySelectorAll("button")) button.disabled = true;
  });
});
// Coming back to a page finds its forms as they were.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
    for (const button of form.querySelectorAll("button")) button.disabled = false;
  }
});

// A choice in a filter bar counts at once.
for (const form of document.querySelectorAll("form.filters")) {
  for (const choice of form.querySelectorAll("select")) {
    choice.addEventListener("change", () => form.requestSubmit());
  }
}

// One box ticks all of its list.
for (const all of document.querySelectorAll("input[data-ticks]")) {
  const boxes = [...document.querySelectorAll(`input[name="${all.dataset.ticks}"]`)];
  all.hidden = false;
  all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
}

// A long record is opened where it says what is asked about.
for (const pane of document.querySelectorAll(".long")) {
  const row = pane.querySelector("[data-stays]");
  if (row) pane.scrollTop += row.getBoundingClientRect().top - pane.getBoundingClientRect().top - pane.clientHeight / 3;
}

// Looking at a value lights up the fields that it came from.
const light = (link, on) => {
  for (const field of (link.dataset.from || "").split(" ").filter(Boolean)) {
    const place = document.querySelector(`[data-field="${CSS.escape(field)}"]`);
    if (place && !place.dataset.stays) place.classList.toggle("lit", on);
  }
};
for (const link of document.querySelectorAll("a[data-from]")) {
  for (const seen of ["mouseenter", "focus"]) link.addEventListener(seen, () => light(link, true));
  for (const left of ["mouseleave", "blur"]) link.addEventListener(left, () => light(link, false));
}
