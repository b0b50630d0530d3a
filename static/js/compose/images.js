// Pictures in the text: put in while they still go up, sized by an attribute, described by words.
import { toast } from "../toast.js";

const TYPES = "image/png,image/jpeg,image/gif,image/webp";

export class Images {
  constructor(editor, upload, signal) {
    this.editor = editor;
    this.upload = upload;
    this.waiting = new Map();
    this.arrived = new Map();
    this.popover = editor.box.querySelector("[data-editor-image]");
    this.pick = editor.box.querySelector("[data-editor-pick]");
    this.pick.accept = TYPES;
    this.pick.addEventListener("change", (event) => {
      event.stopPropagation();
      const files = [...this.pick.files];
      this.pick.value = "";
      this.add(files);
    }, { signal });
    const root = editor.words.getRoot();
    root.addEventListener("click", (event) => { if (event.target.nodeName === "IMG") this.choose(event.target); else this.close(); }, { signal });
    this.popover.addEventListener("keydown", (event) => this.pressed(event), { signal });
    this.popover.addEventListener("input", (event) => { event.stopPropagation(); this.described(event); }, { signal });
    this.popover.addEventListener("click", (event) => this.clicked(event), { signal });
    editor.words.settle = (nodes) => this.settle(nodes);
  }

  get isBusy() {
    return this.waiting.size > 0;
  }

  add(files) {
    for (const file of files) this.put(file);
  }

  put(file) {
    const id = Math.random().toString(36).slice(2, 10);
    const image = this.insert({ url: URL.createObjectURL(file), name: file.name.replace(/\.[a-z0-9]+$/i, "") });
    image.dataset.wait = id;
    this.send(file, id);
  }

  async send(file, id) {
    this.waiting.set(id, file);
    try {
      const { url, cid } = await this.upload(file);
      this.arrived.set(id, { url, cid });
    } catch (error) {
      this.arrived.set(id, null);
      toast({ text: `${this.editor.box.dataset.saidFailed.replace("%s", file.name)} ${error?.message ?? ""}`.trim() });
    }
    this.waiting.delete(id);
    this.settle(this.editor.words.getRoot());
    this.editor.changed();
  }

  // Gives pictures that have arrived meanwhile their address; those that failed are taken out.
  settle(nodes) {
    for (const image of nodes.querySelectorAll("img[data-wait]")) {
      const id = image.dataset.wait;
      if (!this.arrived.has(id)) continue;
      const found = this.arrived.get(id);
      if (!found) { image.remove(); continue; }
      URL.revokeObjectURL(image.src);
      image.src = found.url;
      image.dataset.cid = found.cid;
      image.removeAttribute("data-wait");
    }
  }

  insert({ url, cid, name = "" }) {
    const { words } = this.editor;
    words.saveUndoState();
    const image = document.createElement("img");
    image.alt = name;
    if (cid) image.dataset.cid = cid;
    image.addEventListener("load", () => this.fit(image), { once: true });
    image.src = url;
    words.insertElement(image);
    words._docWasChanged();
    return image;
  }

  // No wider than a letter is read; a receiver's program knows no style sheet of ours.
  fit(image) {
    if (!image.getAttribute("width") && image.naturalWidth > 600) this.width(image, 600);
  }

  width(image, width) {
    const natural = image.naturalWidth || width;
    image.style.width = image.style.height = "";
    image.setAttribute("width", String(Math.round(width)));
    image.setAttribute("height", String(Math.round((image.naturalHeight || width) * (width / natural))));
  }

  // Pictures pasted inside styled text carry their bytes with them: they go up like any other.
  async adopt() {
    for (const image of this.editor.words.getRoot().querySelectorAll('img[src^="data:"]:not([data-wait])')) {
      if (!this.editor.canUpload) { image.remove(); continue; }
      const file = fromData(image.src);
      if (!file) { image.remove(); continue; }
      image.dataset.wait = Math.random().toString(36).slice(2, 10);
      this.send(file, image.dataset.wait);
    }
  }

  // ---- the picture that is chosen

  choose(image, { focus = false } = {}) {
    if ("away" in image.dataset) return;
    this.editor.link.close();
    this.chosen = image;
    const alt = this.popover.querySelector("[data-alt]");
    alt.value = image.alt;
    this.popover.hidden = false;
    this.editor.placeBy(this.popover, image.getBoundingClientRect());
    image.classList.add("is-chosen");
    if (focus) alt.focus();
  }

  // The picture the cursor stands beside, so that a keyboard reaches it, too.
  beside() {
    const range = this.editor.words.getSelection();
    const at = range.startContainer;
    const near = at.nodeType === Node.ELEMENT_NODE ? [at.childNodes[range.startOffset], at.childNodes[range.startOffset - 1]] : [at.nextSibling, at.previousSibling];
    return near.find((one) => one?.nodeName === "IMG") ?? null;
  }

  close(back = false) {
    if (this.popover.hidden) return;
    this.popover.hidden = true;
    this.chosen?.classList.remove("is-chosen");
    if (this.chosen && !this.chosen.className) this.chosen.removeAttribute("class");
    this.chosen = null;
    if (back) this.editor.words.focus();
  }

  pressed(event) {
    if (event.key !== "Escape" && event.key !== "Enter") return;
    if (event.key === "Enter" && event.target.nodeName === "BUTTON") return;
    event.preventDefault();
    event.stopPropagation();
    this.close(true);
  }

  described(event) {
    if (!("alt" in event.target.dataset) || !this.chosen) return;
    this.chosen.alt = event.target.value;
    this.editor.changed();
  }

  clicked(event) {
    const button = event.target.closest("button");
    if (!button || !this.chosen) return;
    const image = this.chosen;
    const natural = image.naturalWidth || 300;
    this.editor.words.saveUndoState();
    if (button.dataset.image === "remove") { image.remove(); this.close(true); }
    else this.width(image, { small: Math.min(natural, 200), medium: Math.min(natural, 400), full: natural }[button.dataset.image]);
    this.editor.changed();
    if (this.chosen) this.editor.placeBy(this.popover, image.getBoundingClientRect());
  }
}

function fromData(address) {
  const parts = /^data:(image\/(?:png|jpeg|gif|webp));base64,(.*)$/s.exec(address);
  if (!parts) return null;
  try {
    const bytes = Uint8Array.from(atob(parts[2].replace(/\s|%../g, "")), (one) => one.charCodeAt(0));
    return new File([bytes], `picture.${parts[1].split("/")[1]}`, { type: parts[1] });
  } catch {
    return null;
  }
}
