// The scripts of a page that is drawn without them begin once it is drawn: who comes to read sees
// the list before it is ready to be pressed, not after. A link goes when its script has run, or
// cannot be had.

// Panes are as wide as they were left here (`mail/layout.js`) from the first frame on.
const panes = document.getElementById("panes");
try {
  const sizes = JSON.parse(localStorage.getItem("pane-sizes") || "{}");
  for (const [name, size] of Object.entries(sizes)) panes.style.setProperty(`--${name}`, `${Number(size)}px`);
} catch { /* nothing is kept in this browser */ }

function wake() {
  for (const link of document.querySelectorAll("link[data-wake]")) {
    const script = document.createElement("script");
    if (link.rel === "modulepreload") script.type = "module";
    script.async = false; // in this order
    script.src = link.href;
    for (const end of ["load", "error"]) script.addEventListener(end, () => link.remove());
    document.head.append(script);
  }
}
const long = new Promise((done) => { setTimeout(done, 1000); });
// A window nobody sees is not drawn.
const drawn = new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); });
const unseen = new Promise((done) => {
  if (document.hidden) done();
  document.addEventListener("visibilitychange", done, { once: true });
});
Promise.race([drawn, unseen, long]).then(wake);
