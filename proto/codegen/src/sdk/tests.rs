//! The kits say the same as the schema.

use super::*;

fn model() -> Model {
    let schema = crate::schema::compile(&crate::root().join("proto")).expect("compiles");
    Model::new(&schema).expect("every kind is known")
}

#[test]
fn everything_an_adapter_returns_is_in_the_model() {
    let model = model();
    let has = |name: &str| model.messages.iter().any(|message| message.name == name);
    for name in [
        "Conversion",
        "Record",
        "Observation",
        "Clue",
        "Quantity",
        "Finding",
    ] {
        assert!(has(name), "{name}");
    }
    assert!(!has("SubmitRequest"), "what only clients see is not in it");
    for message in &model.messages {
        let numbers: Vec<u32> = message.fields.iter().map(|field| field.number).collect();
        assert!(numbers.is_sorted(), "{}", message.name);
        for field in &message.fields {
            assert!(!field.comment.is_empty(), "{}.{}", message.name, field.name);
        }
    }
}

#[test]
fn names_follow_each_languages_rules() {
    assert_eq!(snake("UnitSource"), "unit_source");
    let model = model();
    let encoding = model
        .enums
        .iter()
        .find(|inner| inner.name == "Encoding")
        .expect("is there");
    let shorts: Vec<&str> = encoding
        .values
        .iter()
        .map(|value| value.short.as_str())
        .collect();
    assert_eq!(&shorts[..3], ["UNSPECIFIED", "UTF_8", "GB18030"]);
    let python = python::generate(&model).expect("is written");
    assert!(python.contains("    from_: Optional[DateTime] = None"));
    let c = c::generate(&model).expect("is written");
    assert!(c.contains("static inline lg_quantity lg_observation_begin_value(lg_observation m)"));
    let go = go::generate(&model).expect("is written");
    assert!(go.contains("\n\tUnitSource UnitSource\n"));
    assert!(
        go.contains("\n\tEncodingUtf8        Encoding = 1\n"),
        "as gofmt aligns it"
    );
}

#[test]
fn go_writes_values_that_are_there_and_items_of_lists_as_they_are() {
    let go = go::generate(&model()).expect("is written");
    let body = |name: &str| {
        let begin = format!("func (m *{name}) appendTo(b []byte) []byte {{\n");
        let (_, after) = go.split_once(&begin).expect("is encoded");
        after.split_once("\n}\n").expect("ends").0
    };
    let conversion = body("Conversion");
    assert!(conversion.contains("if m.Facts != nil {\n\t\tb = appendMessage(b, 2, m.Facts)"));
    assert!(
        conversion
            .contains("for i := range m.Records {\n\t\tb = appendMessage(b, 1, &m.Records[i])")
    );
    assert!(conversion.contains("if len(m.Reply) > 0 {"));
    assert!(body("Quantity").contains("if m.Value != \"\" {\n\t\tb = appendText(b, 1, m.Value)"));
}
