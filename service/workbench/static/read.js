// Sends the pasted text as it is, and takes files that are dropped anywhere on the page.
(() => {
  const box = () => document.querySelector("textarea.paste");

  window.sendText = () => {
    if (!box().value.trim()) return box().focus();
    // What went wrong is told on the page by the server; a lost connection by the library.
    fetch(box().dataset.inbox, { method: "POST", body: box().value }).catch(() => {});
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target === box()) sendText();
  });

  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const dropping = (on) => document.body.classList.toggle("dropping", on);
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    dropping(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) dropping(false);
  });
  document.addEventListener("drop", (event) => {
    dropping(false);
    if (!hasFiles(event)) return;
    event.preventDefault();
    getElement(box().dataset.files).addFiles(event.dataTransfer.files);
  });
})();
