// The pages of a client in the admin. Without this script everything can still be selected by hand.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  // Reloading the answer to a POST would register, or rotate, once more.
  const shownOnce = document.querySelector("[data-replace-url]");
  if (shownOnce) {
    history.replaceState(null, "", shownOnce.dataset.replaceUrl);
  }

  if (!navigator.clipboard) {
    return;
  }
  for (const source of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "client-copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    source.after(button);
  }
});
