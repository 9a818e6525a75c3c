"use strict";
document.getElementById("handoff").submit();
