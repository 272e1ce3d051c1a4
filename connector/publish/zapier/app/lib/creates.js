// One step for each action. A short run is answered at once; Zapier waits for a long one until the service calls it back.
const { randomUUID } = require('node:crypto');

const { call, failure, filled, post } = require('./http');

const WAIT_SECONDS = 20; // Zapier ends a step after 30
const RUNNING = 202;

// The run that is under way, under the same idempotency key: the service tells this address as well, also if it has just ended.
const askToBeCalled = async (z, bundle, path, body, run) => {
  try {
    return (await post(z, bundle, path, { ...body, wait_seconds: 0, callback_url: z.generateCallbackUrl() })).data;
  } catch (error) {
    if (error.name !== 'ThrottledError') throw error;
    // Zapier would begin the whole step anew, and pay twice
    const { message } = JSON.parse(error.message);
    throw failure(z, { detail: `${message} The run ${run.id} goes on; the step Find Run has its answer later.`, code: 'rate_limited' }, 429);
  }
};

const perform = (action) => async (z, bundle) => {
  const path = `/v1/actions/${action.key}`;
  const body = { idempotency_key: `zapier-${randomUUID()}`, ...filled(bundle.inputData) };
  const response = await post(z, bundle, path, { ...body, wait_seconds: WAIT_SECONDS });
  // in the editor nobody waits for a call: the test shows the run as it stands
  if (response.status !== RUNNING || bundle.meta.isLoadingSample) return response.data;
  return askToBeCalled(z, bundle, path, body, response.data);
};

// What the service has posted to the step's own address: the whole answer, or the problem.
const performResume = async (z, bundle) => {
  const { event, ...told } = bundle.cleanedRequest || {};
  if (event === 'run.completed') return told;
  if (event === 'run.failed') throw failure(z, told, told.status);
  // a call without a body says only that the run has ended
  return (await call(z, bundle, `/v1/runs/${bundle.outputData.id}`)).data;
};

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

module.exports = { create };
