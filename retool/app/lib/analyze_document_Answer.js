const first = {{ analyze_document_Query.data }} || {};
const later = {{ analyze_document_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
