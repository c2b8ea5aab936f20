import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { keepArrived } from "./api/use";
import { App } from "./app/App";
import { applyTheme } from "./app/theme";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/controls.css";
import "./styles/content.css";
import "./styles/links.css";
import "./styles/media.css";

applyTheme();
keepArrived();
const root = document.getElementById("root");
if (root) createRoot(root).render(<StrictMode><App /></StrictMode>);
