// A second click would end what the first one has begun, and its answer would be lost.
"use strict";

document.addEventListener("submit", function (event) {
  if (event.target.dataset.sent) {
    event.preventDefault();
  }
  event.target.dataset.sent = "true";
});
// Coming back to the page, one may send it again.
window.addEventListener("pageshow", function () {
  document.querySelectorAll("form").forEach(function (form) { delete form.dataset.sent; });
});
