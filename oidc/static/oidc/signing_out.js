// Goes on when every app has loaded its frame, or took too long. Without scripts, people do.
// It is loaded before the frames, and so hears all of them.
"use strict";

(function () {
  var LONGEST_WAIT_MS = 5000;
  var heard = 0;

  function goOn() {
    location.replace(document.querySelector(".actions a").href);
  }

  document.addEventListener("load", function (event) {
    if (event.target.tagName !== "IFRAME") {
      return;
    }
    var app = event.target.parentNode;
    app.querySelector(".mark").textContent = app.parentNode.dataset.told;
    heard += 1;
    if (heard === document.querySelectorAll("iframe").length && document.readyState !== "loading") {
      goOn();
    }
  }, true);

  document.addEventListener("DOMContentLoaded", function () {
    setTimeout(goOn, LONGEST_WAIT_MS);
    if (heard === document.querySelectorAll("iframe").length) {
      goOn();
    }
  });
})();
