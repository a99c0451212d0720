// Starts Swagger UI with what the page's template tells it.

const { spec, config } = document.getElementById("swagger-ui").dataset;
window.ui = window.SwaggerUIBundle({ url: spec, dom_id: "#swagger-ui", ...JSON.parse(config) });
