// Looking for a run, such as one that an earlier step only began.
const { call, filled } = require("./http");

const findOne = async (z, bundle, id) => {
  try {
    return [(await call(z, bundle, `/v1/runs/${encodeURIComponent(id)}`)).data];
  } catch (error) {
    if (error.name === "AppError" && JSON.parse(error.message).code === "not_found") return [];
    throw error;
  }
};

const perform = async (z, bundle) => {
  const { id, ...asked } = filled(bundle.inputData);
  if (id) return findOne(z, bundle, String(id).trim());
  return (await call(z, bundle, "/v1/runs", { params: { ...asked, limit: 1 } })).data;
};

const search = (one) => ({
  key: one.key,
  noun: one.noun,
  display: { label: one.label, description: one.description },
  operation: { inputFields: one.fields, perform, outputFields: one.output, sample: one.sample },
});

module.exports = { search };
