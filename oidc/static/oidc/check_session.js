// OpenID Connect Session Management 1.0, section 3.2: answers "unchanged", "changed" or "error" to
// pages that frame us and send "<client id> <session state>". Plain ES5, and without Web Crypto,
// which old engines and plain HTTP do not have.
(function () {
  "use strict";

  var cookieName = document.getElementById("check-session").getAttribute("data-cookie");

  // The value of a cookie, an empty string without one.
  function valueOf(name) {
    var cookies = document.cookie.split(";");
    for (var i = 0; i < cookies.length; i += 1) {
      var pair = cookies[i].replace(/^\s+/, "");
      if (pair.indexOf(name + "=") === 0) {
        return pair.substring(name.length + 1);
      }
    }
    return "";
  }

  function browserState() {
    return valueOf(cookieName);
  }

  // The second cookie stays when somebody signs out. Without either, the browser keeps our cookies
  // from pages of other sites (or has lost them all), so nothing can be told.
  function seesNothing() {
    return !browserState() && !valueOf(cookieName + "_seen");
  }

  // --- SHA-256 (FIPS 180-4) of ASCII text, as hexadecimal digits -----------------------------

  var PRIMES = [];
  for (var candidate = 2; PRIMES.length < 64; candidate += 1) {
    var isPrime = true;
    for (var p = 0; p < PRIMES.length; p += 1) {
      if (candidate % PRIMES[p] === 0) {
        isPrime = false;
      }
    }
    if (isPrime) {
      PRIMES.push(candidate);
    }
  }

  // The first 32 bits of the fraction of a number.
  function fraction(number) {
    return ((number - Math.floor(number)) * 4294967296) | 0;
  }

  var K = [];
  var START = [];
  for (var n = 0; n < 64; n += 1) {
    K.push(fraction(Math.pow(PRIMES[n], 1 / 3)));
    if (n < 8) {
      START.push(fraction(Math.sqrt(PRIMES[n])));
    }
  }

  function rotate(word, bits) {
    return (word >>> bits) | (word << (32 - bits));
  }

  function pad(text) {
    var words = [];
    var length = ((text.length + 8) >> 6) * 16 + 16;
    for (var w = 0; w < length; w += 1) {
      words.push(0);
    }
    for (var i = 0; i < text.length; i += 1) {
      words[i >> 2] |= text.charCodeAt(i) << (24 - (i % 4) * 8);
    }
    words[text.length >> 2] |= 128 << (24 - (text.length % 4) * 8);
    words[length - 1] = text.length * 8;
    return words;
  }

  function expand(words, offset) {
    var w = words.slice(offset, offset + 16);
    for (var t = 16; t < 64; t += 1) {
      var x = w[t - 15];
      var y = w[t - 2];
      var s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
      var s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
      w.push((w[t - 16] + s0 + w[t - 7] + s1) | 0);
    }
    return w;
  }

  function compress(hash, w) {
    var a = hash[0], b = hash[1], c = hash[2], d = hash[3];
    var e = hash[4], f = hash[5], g = hash[6], h = hash[7];
    for (var t = 0; t < 64; t += 1) {
      var s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      var t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0;
      var s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      var t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    var next = [a, b, c, d, e, f, g, h];
    for (var i = 0; i < 8; i += 1) {
      next[i] = (next[i] + hash[i]) | 0;
    }
    return next;
  }

  function sha256(text) {
    var words = pad(text);
    var hash = START;
    for (var offset = 0; offset < words.length; offset += 16) {
      hash = compress(hash, expand(words, offset));
    }
    var digits = "";
    for (var i = 0; i < 8; i += 1) {
      digits += ("0000000" + (hash[i] >>> 0).toString(16)).slice(-8);
    }
    return digits;
  }

  // --- Question and answer ----------------------------------------------------------------------

  function isAscii(text) {
    return /^[\x20-\x7e]+$/.test(text);
  }

  function answerTo(message, origin) {
    var parts = typeof message === "string" ? message.split(" ") : [];
    var dot = parts.length === 2 ? parts[1].indexOf(".") : -1;
    if (!parts[0] || dot < 1 || dot === parts[1].length - 1 || !isAscii(message)) {
      return "error";
    }
    if (seesNothing()) {
      return "error";
    }
    var salt = parts[1].substring(dot + 1);
    var state = sha256([parts[0], origin, browserState(), salt].join(" ")) + "." + salt;
    return state === parts[1] ? "unchanged" : "changed";
  }

  window.addEventListener("message", function (event) {
    // A sandboxed page has no origin ("null"): no state was made for it, and none can be answered.
    if (event.source && event.source !== window && event.origin !== "null") {
      event.source.postMessage(answerTo(event.data, event.origin), event.origin);
    }
  }, false);
})();
