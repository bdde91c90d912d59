using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace TwoNodeHa.Operators;

/// <summary>Compiles the copy in memory, and finds the mutants that keep it from compiling.</summary>
internal sealed class Compiler
{
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private readonly CSharpCompilation _sound;
    private readonly HashSet<string> _usual;
    private readonly Dictionary<string, SyntaxTree> _originals;
    private readonly Regex _switch;

    /// <param name="originals">All sources by name.</param>
    /// <param name="references">Folder with libraries beside those of the framework.</param>
    /// <param name="options">As they were parsed.</param>
    /// <param name="isOn">The call that asks for the switch.</param>
    public Compiler(Dictionary<string, SyntaxTree> originals, string references, CSharpParseOptions options, string isOn)
    {
        _originals = originals;
        _switch = new Regex(Regex.Escape(isOn).Replace(@"\{0}", @"(\d+)", StringComparison.Ordinal));
        var type = Regex.Match(isOn, @"^global::([\w.]+)\.(\w+)\.(\w+)\(");
        var argument = isOn.Contains('"', StringComparison.Ordinal) ? "string" : "int";
        var stub = $"namespace {type.Groups[1].Value} {{ public static class {type.Groups[2].Value} {{ public static bool {type.Groups[3].Value}({argument} number) => false; }} }}";
        var framework = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var known = framework.Select(Path.GetFileName).ToHashSet(StringComparer.Ordinal);
        var libraries = framework.Concat(Directory.EnumerateFiles(references, "*.dll").Where(path => !known.Contains(Path.GetFileName(path)) && IsManaged(path)));
        _sound = CSharpCompilation.Create(
            "copy",
            [.. originals.Values, CSharpSyntaxTree.ParseText(ImplicitUsings, options), CSharpSyntaxTree.ParseText(stub, options)],
            libraries.Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));

        // Without source generators some errors are always there.
        _usual = [.. _sound.GetDiagnostics().Where(each => each.Severity == DiagnosticSeverity.Error).Select(Key)];
    }

    /// <summary>Takes out the mutants that do not compile. False when all compile.</summary>
    /// <exception cref="InvalidOperationException">An error that no mutant explains.</exception>
    public bool DropWhatDoesNotCompile(MutantBook book, Dictionary<string, SyntaxTree> mutated)
    {
        var copy = mutated.Aggregate(_sound, (compilation, pair) => compilation.ReplaceSyntaxTree(_originals[pair.Key], pair.Value));
        var errors = copy.GetDiagnostics().Where(each => each.Severity == DiagnosticSeverity.Error && !_usual.Contains(Key(each))).ToList();
        var dropped = new HashSet<int>();
        foreach (var error in errors)
        {
            var numbers = Guilty(error, book);
            if (numbers.Count == 0)
            {
                throw new InvalidOperationException($"no mutant explains {error}");
            }

            dropped.UnionWith(numbers);
        }

        book.Drop(dropped);
        return errors.Count > 0;
    }

    private List<int> Guilty(Diagnostic error, MutantBook book)
    {
        var node = error.Location.SourceTree!.GetRoot().FindNode(error.Location.SourceSpan);
        if (error.Id is "CS0165" && Regex.Match(error.GetMessage(System.Globalization.CultureInfo.InvariantCulture), "'(\\w+)'") is { Success: true } variable)
        {
            var member = node.AncestorsAndSelf().OfType<MemberDeclarationSyntax>().First();
            var declaring = Switches(member).Select(number => book.Mutants.First(mutant => mutant.Number == number))
                .Where(mutant => mutant.Declares.Contains(variable.Groups[1].Value)).ToList();

            // "x is { } y" assigns when it holds, "x is not { } y" when it does not: what makes it hold by itself goes first, or the other one.
            var first = declaring.Where(mutant => mutant.Change == (mutant.DeclaresWhenFalse ? Change.Never : Change.Always)).ToList();
            if ((first.Count > 0 ? first : declaring).Select(mutant => mutant.Number).ToList() is { Count: > 0 } found)
            {
                return found;
            }
        }

        return node.AncestorsAndSelf().Select(each => Switches(each).Where(book.Has).ToList()).FirstOrDefault(found => found.Count > 0) ?? [];
    }

    private IEnumerable<int> Switches(SyntaxNode node) =>
        _switch.Matches(node.ToString()).Select(found => int.Parse(found.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));

    private static string Key(Diagnostic error) => $"{error.Location.SourceTree?.FilePath} {error.Id} {error.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}";

    private static bool IsManaged(string path)
    {
        using var reader = new System.Reflection.PortableExecutable.PEReader(File.OpenRead(path));
        return reader.HasMetadata;
    }
}
