using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using TwoNodeHa.Operators;

// operators SOURCES INTO REFERENCES ISON PART...
// Copies the sources into a folder, with a switch for each mutant in those whose name begins with one of the parts, and their list in
// INTO/operators.tsv: number, line, id. REFERENCES: a folder with the libraries that the sources need. ISON: the call that asks for
// the switch, {0} for its number. Mutants that do not compile are left out.
if (args.Length < 5)
{
    Console.Error.WriteLine("operators SOURCES INTO REFERENCES ISON PART...");
    return 2;
}

var (sources, into, references, isOn, parts) = (args[0], args[1], args[2], args[3], args[4..]);
if (Directory.Exists(into))
{
    Directory.Delete(into, recursive: true);
}

var options = new CSharpParseOptions(LanguageVersion.Preview);
var originals = Directory.EnumerateFiles(sources, "*.cs", SearchOption.AllDirectories)
    .Select(path => Path.GetRelativePath(sources, path).Replace('\\', '/'))
    .Where(name => !Regex.IsMatch(name, "(^|/)(obj|bin)/"))
    .Order(StringComparer.Ordinal)
    .ToDictionary(name => name, name => CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(sources, name)), options, name), StringComparer.Ordinal);
var chosen = originals.Keys.Where(name => Array.Exists(parts, part => name.StartsWith(part, StringComparison.Ordinal))).ToList();
if (chosen.Count == 0)
{
    Console.Error.WriteLine($"no source in {sources} begins with {string.Join(" or ", parts)}");
    return 2;
}

var book = new MutantBook();
var compiler = new Compiler(originals, references, options, isOn);
Dictionary<string, SyntaxTree> mutated;
do
{
    book.Again();
    mutated = chosen.ToDictionary(
        name => name,
        name => CSharpSyntaxTree.ParseText(new OperatorRewriter(book, name, isOn).Visit(originals[name].GetRoot()).ToFullString(), options, name), StringComparer.Ordinal);
}
while (compiler.DropWhatDoesNotCompile(book, mutated));

foreach (var (name, tree) in originals)
{
    var target = Path.Combine(into, name);
    Directory.CreateDirectory(Path.GetDirectoryName(target)!);
    File.WriteAllText(target, mutated.GetValueOrDefault(name, tree).GetText().ToString());
}

File.WriteAllLines(Path.Combine(into, "operators.tsv"), book.Mutants.Select(mutant => $"{mutant.Number}\t{mutant.Line}\t{mutant.Id}"));
Console.WriteLine($"{book.Mutants.Count()} mutants in {chosen.Count} files; {book.Dropped} more would not compile");
return 0;
