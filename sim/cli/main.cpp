#include "program.hpp"

int main(int argc, char** argv) { return masqsim::cli::main_program(argc, argv); }
