// The steps of a connection test, lit one by one while another request makes it.
const PAUSE = 400;

// Shows in `panel` how far its test is until `isOver()`.
export async function watchSteps(panel, isOver) {
  light(panel, "");
  while (!isOver()) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (isOver()) return;
    try {
      const answer = await fetch(panel.dataset.runningAt, { headers: { Accept: "application/json" } });
      const { stage } = answer.ok ? await answer.json() : {};
      // Once it is over nothing more is told: the report comes with the answer of the form.
      if (stage && !isOver()) light(panel, stage);
    } catch {
      return; // the line is gone, which the form itself will find out
    }
  }
}

function light(panel, stage) {
  const steps = [...panel.querySelectorAll("[data-step]")];
  const now = Math.max(0, steps.findIndex((one) => one.dataset.step === stage));
  steps.forEach((step, at) => {
    const is = at < now ? "done" : at === now ? "now" : "";
    if (step.dataset.is === is) return;
    step.dataset.is = is;
    step.classList.toggle("stage--off", !is);
    step.classList.toggle("stage--ok", is === "done");
    const words = step.querySelector("span");
    words.textContent = { done: words.dataset.stepDone, now: words.dataset.stepNow }[is] ?? "";
  });
}
