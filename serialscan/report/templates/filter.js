"use strict";
// Hides rows of the index, and with them their items, so that what is shown can be printed.
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details")) one.open = true;
});
(() => {
  const form = document.querySelector("form.filter");
  if (!form) return;
  const search = document.getElementById("search");
  const standing = document.getElementById("standing");
  const shown = document.getElementById("shown");
  const fold = (text) => text.toLowerCase().replace(/\s+/g, " ").trim();
  const rows = [...document.querySelectorAll("table.index tbody tr")].map((row) => ({
    row,
    item: document.getElementById("i" + row.dataset.number),
    words: fold(row.dataset.words),
    is: row.dataset.is.split(" "),
  }));
  const apply = () => {
    const words = fold(search.value).split(" ").filter(Boolean);
    let count = 0;
    for (const one of rows) {
      const fits = (!standing.value || one.is.includes(standing.value)) && words.every((word) => one.words.includes(word));
      one.row.hidden = !fits;
      if (one.item) one.item.hidden = !fits;
      count += fits;
    }
    shown.textContent = count === rows.length ? "" : count + " of " + rows.length + " shown";
  };
  search.addEventListener("input", apply);
  standing.addEventListener("change", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
})();
