const first = {{ match_records_Query.data }} || {};
const later = {{ match_records_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
