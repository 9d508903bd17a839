// The bytes of the page's template, put into the program by the assembler where the build has made them.
#include "page.hpp"

#ifdef MASQSIM_PAGE_TEMPLATE
__asm__(
    ".section .rodata\n"
    ".global masqsim_page_template_begin\n"
    "masqsim_page_template_begin:\n"
    ".incbin \"" MASQSIM_PAGE_TEMPLATE
    "\"\n"
    ".global masqsim_page_template_end\n"
    "masqsim_page_template_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" const char masqsim_page_template_begin[];
extern "C" const char masqsim_page_template_end[];
#endif

namespace masqsim::page {

std::string_view page_template() {
#ifdef MASQSIM_PAGE_TEMPLATE
  return {masqsim_page_template_begin,
          static_cast<std::size_t>(masqsim_page_template_end - masqsim_page_template_begin)};
#else
  return {};
#endif
}

}  // namespace masqsim::page
