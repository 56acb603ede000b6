#include "catalog/catalog.h"

#include <catch2/catch.hpp>

#include "support/status_matchers.h"

namespace mediarouter::catalog {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

Catalog Compiled(const std::map<std::string, std::string>& base_urls) {
  auto catalog = Catalog::Parse(kCatalogYaml, "catalog.yaml", base_urls);
  REQUIRE_OK(catalog);
  return *std::move(catalog);
}

Catalog WithServer() {
  return Compiled({{"openai", "http://localhost:8000/v1/"}, {"demo", "http://localhost:1/v1"}});
}

Wish Sora() { return {.model = "sora-2", .prompt = "a sunset"}; }

TEST_CASE("the compiled catalog fills in a model's defaults", "[unit][catalog]") {
  const Catalog catalog = WithServer();
  const auto choice = catalog.Resolve(Sora());
  REQUIRE_OK(choice);
  CHECK(choice->provider->name == "openai");
  CHECK(choice->provider->base_url == "http://localhost:8000/v1");
  CHECK(choice->duration == 4);
  CHECK(choice->size->size == "1280x720");
  CHECK(choice->cost_micros == 400'000);
}

TEST_CASE("a model is found by alias and with its provider", "[unit][catalog]") {
  const Catalog catalog = WithServer();
  for (const char* name : {"sora-1", "openai/sora-2"}) {
    Wish wish = Sora();
    wish.model = name;
    const auto choice = catalog.Resolve(wish);
    REQUIRE_OK(choice);
    CHECK(choice->model->name == "sora-2");
  }
}

TEST_CASE("a model is retired only where its provider switched it off", "[unit][catalog]") {
  const Catalog catalog = Compiled({});
  CHECK(catalog.Find("demo") == nullptr);
  CHECK_FAILS(catalog.Resolve(Sora()), kInvalid, "model_retired");
}

TEST_CASE("each part of a wish that cannot be granted is named", "[unit][catalog]") {
  const Catalog catalog = WithServer();
  struct Case {
    const char* name;
    void (*change)(Wish&);
    const char* reason;
    const char* param;
  };
  const auto [name, change, reason, param] = GENERATE(values<Case>({
      {"no model", [](Wish& w) { w.model = ""; }, "missing_required_parameter", "model"},
      {"unknown model", [](Wish& w) { w.model = "sora-9"; }, "model_not_found", "model"},
      {"unknown provider", [](Wish& w) { w.provider = "x"; }, "provider_not_found", "provider"},
      {"other provider", [](Wish& w) { w.provider = "demo"; }, "model_provider_mismatch",
       "provider"},
      {"two providers",
       [](Wish& w) {
         w.model = "openai/sora-2";
         w.provider = "demo";
       },
       "model_provider_mismatch", "provider"},
      {"empty prompt", [](Wish& w) { w.prompt = " \n"; }, "missing_required_parameter", "prompt"},
      {"long prompt", [](Wish& w) { w.prompt = std::string(32'001, 'x'); }, "prompt_too_long",
       "prompt"},
      {"duration", [](Wish& w) { w.duration = 5; }, "unsupported_value", "duration"},
      {"ratio", [](Wish& w) { w.aspect_ratio = "banana"; }, "unsupported_value", "aspect_ratio"},
      {"size", [](Wish& w) { w.size = "1x1"; }, "unsupported_value", "size"},
      {"size against ratio",
       [](Wish& w) {
         w.size = "1280x720";
         w.aspect_ratio = "9:16";
       },
       "unsupported_value", "aspect_ratio"},
      {"seed", [](Wish& w) { w.seed = 0; }, "unsupported_parameter", "seed"},
      {"fps", [](Wish& w) { w.fps = 24; }, "unsupported_parameter", "fps"},
  }));
  INFO(name);
  Wish wish = Sora();
  change(wish);
  const auto choice = catalog.Resolve(wish);
  CHECK_FAILS(choice, kInvalid, reason);
  CHECK(base::Param(choice.status()) == param);
}

TEST_CASE("a prompt's length counts characters, not bytes", "[unit][catalog]") {
  Wish wish = Sora();
  wish.prompt.emplace();
  for (int i = 0; i < 32'000; ++i) *wish.prompt += "\xC3\xA9";
  CHECK_OK(WithServer().Resolve(wish));
}

TEST_CASE("a faulty catalog is refused with file and line", "[unit][catalog]") {
  const auto catalog =
      Catalog::Parse("version: \"1\"\nproviders:\n  - name: x\n    colour: red\n", "mine.yaml", {});
  CHECK_FAILS(catalog, kInvalid, "invalid_catalog");
  CHECK(base::Message(catalog.status()) == "mine.yaml:4: 'colour' is not known");
}

}  // namespace
}  // namespace mediarouter::catalog
