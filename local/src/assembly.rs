//! Puts a house together: environments, slots, routes, event sources and the servers of the engines.

use std::{collections::BTreeMap, sync::Arc};

use rustack_sqs_http::service::{SqsHttpConfig, SqsHttpService};
use tokio::{net::TcpListener, sync::watch};

use crate::{
    Error, database,
    function_slot::FunctionSlot,
    gateway::routes::Routes,
    http_server,
    queues::{Handler, Queues},
    server::REGION,
    template::{Site, Template},
    workers::Source,
};

/// What the AWS SDKs of the functions need to find the engines.
pub(crate) fn engine_environment(database_port: u16, site: &Site) -> [(String, String); 6] {
    [
        ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://127.0.0.1:{database_port}")),
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
    let of_room = |slot: &Arc<FunctionSlot>| {
        let slot = Arc::clone(slot);
        let specs = slot.spec.sources.clone();
        specs.into_iter().map(move |spec| Arc::new(Source { spec, slot: Arc::clone(&slot) }))
    };
    slots.values().flat_map(of_room).collect()
}

/// Serves the database, and sweeps it, until the house is gone.
pub(crate) fn start_database(listener: TcpListener, database: dynoxide::Database, mut running: watch::Receiver<bool>) -> Result<(), Error> {
    let listener = listener.into_std()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let serve = async move {
        let sweep = tokio::spawn(database::sweep_forever(database.clone()));
        let stop = async move {
            // The sender is never set, only dropped with the server.
            let _ = running.wait_for(|stop| *stop).await;
        };
        match TcpListener::from_std(listener) {
            Ok(listener) => {
                if let Err(error) = dynoxide::server::serve_with_shutdown(listener, database, stop).await {
                    tracing::error!(%error, "DynamoDB ended");
                }
            }
            Err(error) => tracing::error!(%error, "DynamoDB has no listener"),
        }
        sweep.abort();
    };
    // SQLite blocks the thread it runs on: on one of its own it keeps no request waiting that does not ask it.
    std::thread::Builder::new().name("dynamodb".to_owned()).spawn(move || runtime.block_on(serve))?;
    Ok(())
}

/// Serves the queues, and lets their delays pass, until the house is gone.
pub(crate) fn start_queues(listener: TcpListener, queues: &Arc<Queues>, mut running: watch::Receiver<bool>) {
    tokio::spawn(Queues::release_forever(Arc::downgrade(queues)));
    let config = SqsHttpConfig { region: REGION.to_owned(), ..SqsHttpConfig::default() };
    let service = SqsHttpService::new(Arc::new(Handler::new(Arc::clone(queues))), config);
    tokio::spawn(async move {
        let stop = async move {
            let _ = running.wait_for(|stop| *stop).await;
        };
        http_server::serve(listener, move |_| service.clone(), stop).await;
    });
}
