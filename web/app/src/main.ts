import "./styles/base.css";
import "./styles/forms.css";
import "./styles/screens.css";
import "./styles/call.css";
import "./styles/sign.css";
import "./styles/play.css";
import "./styles/panel.css";
import { App } from "./app.ts";
import { mediaOptions } from "./parameters.ts";
import { startLanguage } from "./words.ts";

startLanguage();
const app = new App(document.getElementById("app")!, mediaOptions(location.search));
// For tests and support; see Debug in the SDK.
Object.assign(window, { kinwire: app });
app.start();
