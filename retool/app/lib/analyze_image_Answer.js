const first = {{ analyze_image_Query.data }} || {};
const later = {{ analyze_image_Follow.data }} || {};
return later.id && later.id === first.id ? later : first;
