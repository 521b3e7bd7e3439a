import "./diff.js";
import "./geometry.js";
import "./mask.js";
import { report } from "./harness.js";

report();
