// Shows what was typed into a password field, for as long as the person wants to look at it. The
// buttons are hidden where scripts do not run.
"use strict";

document.querySelectorAll(".reveal").forEach(function (button) {
  const input = document.getElementById(button.getAttribute("aria-controls"));
  const [word, state] = [button.querySelector(".reveal-word"), button.nextElementSibling];

  function show(isShown) {
    input.type = isShown ? "text" : "password";
    word.textContent = isShown ? button.dataset.hide : button.dataset.show;
  }

  button.addEventListener("click", function () {
    const isShown = input.type === "password";
    show(isShown);
    state.textContent = isShown ? button.dataset.shown : button.dataset.hidden;
  });
  // Browsers offer what was typed into a text field again, and keep it for the way back.
  input.form.addEventListener("submit", function () { show(false); });
  window.addEventListener("pageshow", function () { show(false); });
  input.setAttribute("autocapitalize", "none");
  input.setAttribute("spellcheck", "false");
  button.hidden = false;
});
