from algok.cli import main

main()
