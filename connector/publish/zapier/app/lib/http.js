// Calls of the service, and its failures as the errors that Zapier acts on.

const MOST_SHOWN = 2000; // characters of an error, which a person reads in Zapier's editor

// People paste addresses with and without https:// and a / at the end.
const addressOf = (bundle) => {
  const given = String(bundle.authData.address || "")
    .trim()
    .replace(/\/+$/, "");
  return /^https?:\/\//i.test(given) ? given : `https://${given}`;
};

// merge: false, since Zapier refuses a user's text that contains its own double braces.
const call = (z, bundle, path, request = {}) =>
  z.request({ url: addressOf(bundle) + path, merge: false, ...request });

const post = (z, bundle, path, body) => call(z, bundle, path, { method: "POST", body });

const isEmpty = (value) =>
  value === undefined ||
  value === null ||
  value === "" ||
  (Array.isArray(value) && value.length === 0);

// The boxes that are filled in.
const filled = (values) =>
  Object.fromEntries(Object.entries(values || {}).filter(([, value]) => !isEmpty(value)));

const addKey = (request, z, bundle) => {
  request.headers.Authorization = `Bearer ${String(bundle.authData.api_key || "").trim()}`;
  return request;
};

// The service's message for a failure. A proxy in front of it may have answered instead.
const readProblem = (response) => {
  const found = response.data;
  if (found && typeof found.detail === "string" && typeof found.code === "string") return found;
  const words =
    `The service at ${new URL(response.request.url).host} answered ${response.status} without saying why. ` +
    "Check the address of the connection, and that the service is up.";
  return { detail: words, code: "no_problem" };
};

// A sentence for each field that is not right, or else the one that says it all.
const sentence = ({ detail, errors = [] }) =>
  (errors.length ? errors.map((error) => error.message) : [detail]).join("\n").slice(0, MOST_SHOWN);

// Seconds until a call may work, where the service says so; it always gives a whole number.
const retryAfter = (response) => Number.parseInt(response.headers.get("retry-after"), 10) || null;

const failure = (z, problem, status) => new z.errors.Error(sentence(problem), problem.code, status);

const throttled = (z, problem, status, seconds) =>
  seconds ? new z.errors.ThrottledError(sentence(problem), seconds) : failure(z, problem, status);

// The result of a failed call: an expired connection, a step that Zapier repeats by itself, or a
// failed step with a message.
const OUTCOMES = {
  401: (z, problem) => new z.errors.ExpiredAuthError(sentence(problem)),
  429: throttled,
  503: throttled,
};

const explainFailure = (response, z) => {
  if (response.status < 400) return response;
  const problem = readProblem(response);
  throw (OUTCOMES[response.status] || failure)(z, problem, response.status, retryAfter(response));
};

module.exports = { addKey, addressOf, call, explainFailure, failure, filled, post };
