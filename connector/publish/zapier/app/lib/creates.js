// One step per action. A short run is answered at once; for a long one Zapier waits for the callback.
const { randomUUID } = require("node:crypto");

const { call, failure, filled, post } = require("./http");

const WAIT_SECONDS = 20; // Zapier ends a step after 30
const NOT_ENDED = 202;
const WAITS_FOR_A_PERSON = "needs_review";

// The running run, under the same idempotency key: the service also notifies this address, even if
// the run has just ended.
const askToBeCalled = async (z, bundle, path, body, run) => {
  try {
    return (
      await post(z, bundle, path, {
        ...body,
        wait_seconds: 0,
        callback_url: z.generateCallbackUrl(),
      })
    ).data;
  } catch (error) {
    if (error.name !== "ThrottledError") throw error;
    // Zapier would begin the whole step anew, and pay twice
    const { message } = JSON.parse(error.message);
    throw failure(
      z,
      {
        detail: `${message} The run ${run.id} continues; the step Find Run returns its answer later.`,
        code: "rate_limited",
      },
      429,
    );
  }
};

const perform = (action) => async (z, bundle) => {
  const path = `/v1/actions/${action.key}`;
  // on_review is the step's own: the service does not know it
  const { on_review: onReview, ...inputs } = filled(bundle.inputData);
  const body = { idempotency_key: `zapier-${randomUUID()}`, ...inputs };
  const response = await post(z, bundle, path, { ...body, wait_seconds: WAIT_SECONDS });
  // the editor does not wait for a callback: the test shows the current state of the run
  if (response.status !== NOT_ENDED || bundle.meta.isLoadingSample) return response.data;
  if (response.data.status === WAITS_FOR_A_PERSON && onReview !== "wait") return response.data;
  return askToBeCalled(z, bundle, path, body, response.data);
};

// What the service has posted to the step's own address: the whole answer, or the problem.
const performResume = async (z, bundle) => {
  const { event, ...answer } = bundle.cleanedRequest || {};
  if (event === "run.completed") return answer;
  if (event === "run.failed") throw failure(z, answer, answer.status);
  // a call without a body says only that the run has ended
  return (await call(z, bundle, `/v1/runs/${bundle.outputData.id}`)).data;
};

// A person's decision on a run that waits, made by a Zap.
const decide = async (z, bundle) => {
  const { id, ...decision } = filled(bundle.inputData);
  const path = `/v1/reviews/${encodeURIComponent(String(id).trim())}`;
  return (await post(z, bundle, path, decision)).data;
};

const decision = (one) => ({
  key: one.key,
  noun: one.noun,
  display: { label: one.label, description: one.description },
  operation: {
    inputFields: one.fields,
    perform: decide,
    outputFields: one.output,
    sample: one.sample,
  },
});

const create = (action, inputFieldGroups) => ({
  key: action.key,
  noun: action.noun,
  display: { label: action.label, description: action.description },
  operation: {
    inputFields: action.fields,
    inputFieldGroups,
    perform: perform(action),
    performResume,
    outputFields: action.output,
    sample: action.sample,
  },
});

module.exports = { create, decision };
