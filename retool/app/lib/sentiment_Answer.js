const first = {{ sentiment_Query.data }} || {};
const later = {{ sentiment_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
