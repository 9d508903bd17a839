// The ideas, one function each: it proposes what might help, or nothing. proposals.cpp says which belong to which
// cause.
#pragma once

namespace masqsim::scenario {

struct ProposalSearch;

// the source was not translated
void for_untranslated(ProposalSearch& search);

// routes
void for_default_route(ProposalSearch& search);
void for_static_routes(ProposalSearch& search);
void for_missing_leg(ProposalSearch& search);
void for_reverse_path(ProposalSearch& search);
void for_overlap(ProposalSearch& search);

// whom the flow reached
void for_wrong_forward(ProposalSearch& search);
void for_caller_of_forward(ProposalSearch& search);
void for_other_door(ProposalSearch& search);
void for_new_forward(ProposalSearch& search);
void for_private_call(ProposalSearch& search);
void for_hairpin(ProposalSearch& search);
void for_other_port(ProposalSearch& search);
void for_wrong_address(ProposalSearch& search);

// what the gateway decided
void for_gone_entry(ProposalSearch& search);
void for_filtering(ProposalSearch& search);
void for_invalid(ProposalSearch& search);
void for_wrong_sum(ProposalSearch& search);
void for_ports(ProposalSearch& search);
void for_full_table(ProposalSearch& search);
void for_full_host(ProposalSearch& search);
void for_firewall(ProposalSearch& search);

// links, sizes, times
void for_loss(ProposalSearch& search);
void for_full_queue(ProposalSearch& search);
void for_links_down(ProposalSearch& search);
void for_size(ProposalSearch& search);
void for_ttl(ProposalSearch& search);
void for_patience(ProposalSearch& search);

}  // namespace masqsim::scenario
