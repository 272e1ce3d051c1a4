const first = {{ draft_reply_Query.data }} || {};
const later = {{ draft_reply_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
