/* SPDX-License-Identifier: MIT */
/* The search box: shows the rows and sections that hold every word. */
"use strict";
const box = document.getElementById("search");
const found = document.getElementById("found");
const rows = [...document.querySelectorAll("tbody tr, section")].filter(row => !row.parentElement.closest("section"));
const texts = rows.map(row => row.textContent.toLowerCase());

function search() {
	const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
	let n = 0;
	rows.forEach((row, i) => {
		row.hidden = !words.every(word => texts[i].includes(word));
		n += row.hidden ? 0 : 1;
	});
	/* A heading of which nothing is left goes too. */
	for (const heading of document.querySelectorAll("h2")) {
		let next = heading.nextElementSibling, left = !next || next.tagName !== "SECTION";
		for (; next && next.tagName === "SECTION"; next = next.nextElementSibling)
			left = left || !next.hidden;
		heading.hidden = !left;
	}
	found.textContent = words.length ? n + " of " + rows.length : "";
}

if (rows.length) {
	box.hidden = false;
	box.value = new URLSearchParams(location.search).get("q") || "";
	box.addEventListener("input", search);
	search();
}
