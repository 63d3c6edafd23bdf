// Keys of the labelling pages: told to the server by name, unless somebody is typing.
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.altKey || event.isComposing) return;
  const at = event.target instanceof Element ? event.target : document.body;
  if (at.closest("input, textarea, select, [contenteditable=true]")) return;
  if (document.querySelector(".q-dialog, .q-menu")) return;
  // An input method may swallow the letter; the key itself stays.
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const code = event.code.replace(/^(Digit|Numpad|Key)(?=.$)/, "").toLowerCase();
  const said = key === "Process" || key === "Unidentified" ? code : key;
  if (event.ctrlKey || event.metaKey) {
    if (said !== "z" || event.shiftKey) return;
    event.preventDefault();
    emitEvent("label-key", { key: "u" });
    return;
  }
  const pressing = said === " " || said === "Enter";
  // Whoever has walked to a button with the tab key means that button.
  if (pressing && at.closest("button, a, [tabindex='0']")) return;
  if (!/^[0-9ushc ]$/.test(said) && said !== "Enter") return;
  event.preventDefault();
  emitEvent("label-key", { key: pressing ? " " : said });
});
