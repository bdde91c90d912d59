using System.Text;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace TwoNodeHa.Sim.Mutation;

/// <summary>One change of a source text of Core.</summary>
internal sealed class MutantEdit
{
    public string File { get; set; } = "";

    /// <summary>Text that occurs exactly once in the file.</summary>
    public string Find { get; set; } = "";

    /// <summary>What stands there instead; OFF is true while the mutant is on.</summary>
    public string With { get; set; } = "";
}

/// <summary>A rule of the decision code that can be switched off in the test build.</summary>
internal sealed class MutantRule
{
    public string Name { get; set; } = "";

    /// <summary>The rule, in a sentence.</summary>
    public string Rule { get; set; } = "";

    /// <summary>Part of the names of the scenarios that are tried first.</summary>
    public string Hint { get; set; } = "";

    /// <summary>A unit test of the machine that is tried first, CLASS.METHOD or CLASS; empty for none.</summary>
    public string Test { get; set; } = "";

    /// <summary>Why nothing catches it, where that is known; empty for a rule that something must catch.</summary>
    public string Survives { get; set; } = "";

    public List<MutantEdit> Edits { get; set; } = [];

    /// <summary>The hint names this scenario.</summary>
    public bool Names(string scenario) => Hint.Length > 0 && scenario.Contains(Hint, StringComparison.Ordinal);
}

/// <summary>Reads mutants.yaml and makes the mutated copy of Core.</summary>
internal static class MutantFile
{
    public static IReadOnlyList<MutantRule> Load(string path) => new DeserializerBuilder()
        .WithNamingConvention(UnderscoredNamingConvention.Instance)
        .Build()
        .Deserialize<List<MutantRule>>(File.ReadAllText(path));

    /// <summary>Writes Core with all edits of all mutants into a folder; mutants are numbered from 1.</summary>
    /// <exception cref="FormatException">A text is not found exactly once, or two edits overlap.</exception>
    public static void WriteCore(IReadOnlyList<MutantRule> rules, string core, string into)
    {
        var edits = rules.SelectMany((rule, index) => rule.Edits.Select(edit => (Number: index + 1, rule.Name, Edit: edit))).ToList();
        foreach (var missing in edits.Where(each => !File.Exists(Path.Combine(core, each.Edit.File))))
        {
            throw new FormatException($"mutant {missing.Name}: no file {missing.Edit.File} in {core}");
        }

        if (Directory.Exists(into))
        {
            Directory.Delete(into, recursive: true);
        }

        foreach (var file in Directory.EnumerateFiles(core, "*.cs", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(core, file).Replace('\\', '/');
            if (name.StartsWith("obj/", StringComparison.Ordinal) || name.StartsWith("bin/", StringComparison.Ordinal))
            {
                continue;
            }

            var target = Path.Combine(into, name);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllText(target, Apply(name, File.ReadAllText(file), edits.Where(each => each.Edit.File == name).ToList()));
        }
    }

    private static string Apply(string file, string text, List<(int Number, string Name, MutantEdit Edit)> edits)
    {
        var placed = new List<(int Start, int Length, string With)>();
        foreach (var same in edits.GroupBy(each => (each.Edit.Find, each.Edit.With)))
        {
            var find = same.Key.Find;
            var start = text.IndexOf(find, StringComparison.Ordinal);
            if (start < 0 || text.IndexOf(find, start + 1, StringComparison.Ordinal) >= 0)
            {
                throw new FormatException($"mutant {same.First().Name}: '{find}' must occur exactly once in {file}");
            }

            var off = string.Join(" || ", same.Select(each => $"global::TwoNodeHa.Core.Mutant.Is({each.Number})"));
            placed.Add((start, find.Length, same.Key.With.Replace("OFF", $"({off})", StringComparison.Ordinal)));
        }

        placed.Sort((left, right) => left.Start.CompareTo(right.Start));
        var result = new StringBuilder();
        var at = 0;
        foreach (var (start, length, with) in placed)
        {
            if (start < at)
            {
                throw new FormatException($"two mutants change the same text in {file}, near: {text.Substring(start, Math.Min(60, length))}");
            }

            result.Append(text, at, start - at).Append(with);
            at = start + length;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }
}
