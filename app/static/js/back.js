// On a listing's page: the link back leads to the conversation that the visitor came from.

import { byId } from "./dom.js";
import { rememberedSession, sessionHash } from "./location.js";

const id = rememberedSession();
if (id) byId("back-to-chat").hash = sessionHash(id);
