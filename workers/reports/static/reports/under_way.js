// A report that is being written: the page is loaded anew once, when that is over. A page that loads
// itself every so often would take the focus from who reads or listens to it.
"use strict";

const EVERY_MS = 5000;

async function look() {
  try {
    const answer = await fetch(location.href);
    if (answer.ok && !(await answer.text()).includes("data-under-way")) {
      location.reload();
      return;
    }
  } catch {
    // The server is away for a moment.
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);
