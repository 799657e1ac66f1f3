// Deletes cookies with characters beyond ASCII, wherever they were set, and loads the page again.
"use strict";

const unreadable = () =>
  document.cookie.split("; ").filter((cookie) => /[^\x20-\x7e]/.test(cookie));

const labels = location.hostname.split(".");
const domains = ["", ...labels.map((_, index) => `; domain=${labels.slice(index).join(".")}`)];
const steps = location.pathname.split("/");
const paths = steps.flatMap((_, index) => {
  const path = steps.slice(0, index + 1).join("/");
  return [path || "/", `${path}/`];
});

const before = unreadable();
for (const cookie of before) {
  const name = cookie.includes("=") ? cookie.slice(0, cookie.indexOf("=")) : "";
  for (const domain of domains) {
    for (const path of paths) {
      document.cookie = `${name}=; max-age=0; path=${path}${domain}`;
    }
  }
}
if (before.length > 0 && unreadable().length === 0) {
  location.reload();
}
