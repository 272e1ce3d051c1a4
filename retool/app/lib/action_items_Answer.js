const first = {{ action_items_Query.data }} || {};
const later = {{ action_items_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
