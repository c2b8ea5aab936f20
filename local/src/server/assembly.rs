//! The parts of a server, from the template: environments, slots, routes and event sources.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use crate::{
    functions::slot::FunctionSlot,
    gateway::routes::Routes,
    template::{Site, Template},
    workers::Source,
};

/// The variables with which the functions' AWS SDKs find the engines.
pub(crate) fn engine_environment(database: SocketAddr, site: &Site) -> [(String, String); 6] {
    [
        ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{database}")),
        ("AWS_ENDPOINT_URL_SQS", site.queue_endpoint.clone()),
        ("AWS_REGION", site.region.clone()),
        ("AWS_DEFAULT_REGION", site.region.clone()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

/// An empty slot for every function, with its environment.
pub(crate) fn slots(template: &Template, common: &BTreeMap<String, String>) -> BTreeMap<String, Arc<FunctionSlot>> {
    let slots = template.functions.iter().map(|spec| {
        let mut environment = spec.environment.clone();
        environment.extend(common.clone());
        environment.insert("AWS_LAMBDA_FUNCTION_NAME".to_owned(), spec.id.clone());
        (spec.binary.clone(), Arc::new(FunctionSlot::new(spec.clone(), environment)))
    });
    slots.collect()
}

/// The template's routes.
pub(crate) fn routes(slots: &BTreeMap<String, Arc<FunctionSlot>>) -> Routes {
    let mut routes = Routes::default();
    for slot in slots.values() {
        for route in &slot.spec.routes {
            routes.add(route, slot);
        }
    }
    routes
}

/// The template's event sources.
pub(crate) fn sources(slots: &BTreeMap<String, Arc<FunctionSlot>>) -> Vec<Arc<Source>> {
    let of_slot = |slot: &Arc<FunctionSlot>| {
        let slot = Arc::clone(slot);
        let specs = slot.spec.sources.clone();
        specs.into_iter().map(move |spec| Arc::new(Source { spec, slot: Arc::clone(&slot) }))
    };
    slots.values().flat_map(of_slot).collect()
}
