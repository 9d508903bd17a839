// masqsim show FILE: the scenario with every default written out.
#include <memory>

#include "program.hpp"

namespace masqsim::cli {

void add_show(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<ScenarioArguments>();
  CLI::App* verb = app.add_subcommand("show", "print a scenario with every default written out");
  arguments->add_to(*verb);
  verb->add_flag("--resolved")->group("");  // once asked for what is always done
  verb->footer("Example:\n  masqsim show scenarios/03-inbound-fails.yaml@forwarded");
  verb->callback([arguments, &chosen] {
    chosen = [arguments] {
      print(scenario::resolved(scenario::with_routes(arguments->load())));
      return static_cast<int>(Exit::good);
    };
  });
}

}  // namespace masqsim::cli
