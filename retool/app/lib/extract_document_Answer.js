const first = {{ extract_document_Query.data }} || {};
const later = {{ extract_document_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
