// REST hooks, and the list behind the drop-downs of actions.
const { call, filled, post } = require("./http");

const HOOKS = "/v1/subscriptions";

const subscribe = async (z, bundle) => {
  const { data } = await post(z, bundle, HOOKS, {
    target_url: bundle.targetUrl,
    event: bundle.inputData.event,
  });
  return { id: data.id }; // Zapier keeps what is returned, and has no need of the signing secret
};

const unsubscribe = async (z, bundle) =>
  (await call(z, bundle, `${HOOKS}/${bundle.subscribeData.id}`, { method: "DELETE" })).data;

// The service notifies about every action; a Zap may be interested in one.
const wanted = (bundle, messages) => {
  const { action } = filled(bundle.inputData);
  return action ? messages.filter((message) => message.action === action) : messages;
};

const receive = async (z, bundle) => wanted(bundle, [bundle.cleanedRequest]);

const samples = async (z, bundle) => {
  const { data } = await call(z, bundle, `${HOOKS}/sample`, {
    params: { event: bundle.inputData.event },
  });
  return wanted(bundle, data);
};

const trigger = (one) => ({
  key: one.key,
  noun: one.noun,
  display: { label: one.label, description: one.description },
  operation: {
    type: "hook",
    inputFields: one.fields,
    performSubscribe: subscribe,
    performUnsubscribe: unsubscribe,
    perform: receive,
    performList: samples,
    outputFields: one.output,
    sample: one.sample,
  },
});

const actionList = {
  key: "action_list",
  noun: "Action",
  display: {
    label: "List of Actions",
    description: "The actions that the service has, for drop-downs.",
    hidden: true,
  },
  operation: {
    perform: async (z, bundle) => (await call(z, bundle, "/v1/actions")).data,
    sample: { id: "classify", name: "Classify text" },
    outputFields: [
      { key: "id", label: "Id", type: "string" },
      { key: "name", label: "Name", type: "string" },
    ],
  },
};

module.exports = { actionList, trigger };
