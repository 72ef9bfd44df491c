// SPDX-License-Identifier: Apache-2.0
//
// Draws the snapshots that come from /events. Every text goes in as text: what a device or an operator says is never markup.
"use strict";

const STATUSES = {
  QUEUED: "queued",
  IN_PROGRESS: "in progress",
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  TIMED_OUT: "timed out",
  REJECTED: "rejected",
  REMOVED: "removed",
  CANCELED: "cancelled",
  COMPLETED: "completed",
};

const byId = (id) => document.getElementById(id);

function made(tag, { text = "", ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const statusMark = (status) =>
  made("span", { class: "status", "data-status": status, text: STATUSES[status] ?? status });

function progressCell(thing, progress) {
  if (progress === null) {
    return made("td", { text: "–" });
  }
  const bar = made("progress", { max: 100, value: progress, "aria-label": `progress of ${thing}` });
  return made("td", {}, made("div", { class: "progress" }, bar, made("span", { text: `${progress} %` })));
}

function executionRow(row) {
  return made(
    "tr",
    { "data-status": row.status },
    made("td", { text: row.thing }),
    made("td", {}, statusMark(row.status)),
    progressCell(row.thing, row.progress),
    made("td", { class: "number", text: row.version }),
    made("td", { class: "number", text: row.attempt }),
    made("td", { text: row.details }),
  );
}

const HEADS = ["Thing", "Status", "Progress", "Version", "Attempt", "Details"];

// A card stays while its job does, so that what is scrolled or focused in it stays so.
const cards = new Map();

function jobCard(jobId) {
  const head = made("thead", {}, made("tr", {}, ...HEADS.map((text) => made("th", { scope: "col", text }))));
  const table = made("table", {}, head, made("tbody"));
  const region = { class: "scroll", tabindex: 0, role: "region", "aria-label": `executions of ${jobId}` };
  const title = made("div", { class: "job-head" }, made("h3", { text: jobId }), made("span"), made("span", { class: "counts" }));
  return made("article", { class: "job" }, title, made("div", region, table), made("p", { class: "empty" }));
}

function fillCard(card, job) {
  const counts = Object.entries(job.counts).map(([status, count]) => `${count} ${STATUSES[status] ?? status}`);
  const left = Object.values(job.counts).reduce((sum, count) => sum + count, 0) - job.executions.length;
  card.querySelector("h3 + span").replaceWith(statusMark(job.status));
  card.querySelector(".counts").textContent = counts.join(" · ") || "reaches no thing yet";
  card.querySelector("tbody").replaceChildren(...job.executions.map(executionRow));
  card.querySelector(".empty").hidden = left <= 0;
  card.querySelector(".empty").textContent = `and ${left} more`;
}

function drawJobs(jobs) {
  const wanted = jobs.map((job) => {
    const card = cards.get(job.job_id) ?? jobCard(job.job_id);
    cards.set(job.job_id, card);
    fillCard(card, job);
    return card;
  });
  const ids = new Set(jobs.map((job) => job.job_id));
  for (const id of cards.keys()) {
    if (!ids.has(id)) {
      cards.delete(id);
    }
  }
  const present = [...byId("jobs").children];
  if (!wanted.length) {
    byId("jobs").replaceChildren(made("p", { class: "empty", text: "No job yet." }));
  } else if (present.length !== wanted.length || present.some((card, index) => card !== wanted[index])) {
    byId("jobs").replaceChildren(...wanted);
  }
}

function thingRow(thing) {
  const status = thing.status ? made("td", {}, statusMark(thing.status)) : made("td", { text: "–" });
  if (thing.progress !== null) {
    status.append(` ${thing.progress} %`);
  }
  return made(
    "tr",
    {},
    made("td", { text: thing.name }),
    made("td", { text: thing.connected ? "connected" : "away" }),
    made("td", { text: thing.job_id || "nothing" }),
    status,
  );
}

function draw(snapshot) {
  byId("figure-things").textContent = snapshot.thing_count;
  byId("figure-connected").textContent = snapshot.connected_count;
  byId("figure-jobs").textContent = snapshot.job_count;
  byId("figure-running").textContent = snapshot.jobs.reduce((sum, job) => sum + (job.counts.IN_PROGRESS ?? 0), 0);
  drawJobs(snapshot.jobs);
  byId("things").replaceChildren(...snapshot.things.map(thingRow));
  const more = snapshot.thing_count - snapshot.things.length;
  byId("things-more").hidden = more <= 0;
  byId("things-more").textContent = `and ${more} more`;
  byId("lines").replaceChildren(...[...snapshot.lines].reverse().map((text) => made("li", { text })));
}

function tell(state, text) {
  byId("state").dataset.state = state;
  byId("state").textContent = text;
}

const events = new EventSource("events");
events.onopen = () => tell("live", "live");
events.onmessage = (event) => draw(JSON.parse(event.data));
events.onerror = () => tell("lost", "the emulator does not answer");
