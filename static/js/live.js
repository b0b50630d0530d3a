// Hears from the server that something changed and fires "tributary:change" on every open tab.
// One tab holds the stream for all of them: a browser opens few connections to one server.
// Without it nothing is missing: every page looks for itself now and then.
const NAME = "tributary-live";
const AGAIN = 60_000;

const channel = "BroadcastChannel" in window ? new BroadcastChannel(NAME) : null;
const fire = () => dispatchEvent(new CustomEvent("tributary:change"));
channel?.addEventListener("message", fire);

let leave = () => {};

function hold() {
  return new Promise((done) => {
    let source, timer;
    const open = () => {
      source = new EventSource("/mail/events");
      source.addEventListener("change", () => { channel?.postMessage(""); fire(); });
      // A broken stream comes back by itself; one that was refused is asked for again later.
      source.addEventListener("error", () => {
        if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN);
      });
    };
    open();
    leave = () => { clearTimeout(timer); source.close(); leave = () => {}; done(); };
  });
}

function start() {
  if (navigator.locks) {
    const given = new AbortController();
    leave = () => given.abort();
    navigator.locks.request(NAME, { signal: given.signal }, hold).catch(() => {});
  } else if (!document.hidden) {
    hold(); // tabs cannot agree here, so only the one that is seen listens
  }
}

addEventListener("pagehide", () => leave());
addEventListener("pageshow", (event) => { if (event.persisted) start(); });
if (!navigator.locks) document.addEventListener("visibilitychange", () => (document.hidden ? leave() : start()));
start();
