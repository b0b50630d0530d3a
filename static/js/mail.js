// The mail screen. Everything works without this file; with it nothing reloads the shell.
import "./mail/list.js";
import "./mail/reader.js";
import "./mail/frame.js";
import "./mail/images.js";
import "./mail/actions.js";
import "./mail/tree.js";
import "./mail/news.js";
import "./live.js";
import "./mail/keys.js";
import "./mail/palette.js";
import "./mail/drag.js";
