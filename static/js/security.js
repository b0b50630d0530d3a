// Settings, Security: printing what is shown once.
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) window.print();
});
